"""docs/api.md keeps up with the API."""

from api.app import create_app
from api.errors import KINDS
from api.schemas import REQUESTS
from runtime.settings import PROJECT, load


def test_the_docs_name_every_route_and_every_code() -> None:
    document = create_app(load(app_database_url="postgresql://nobody@127.0.0.1:1/none")).openapi()
    text = (PROJECT / "docs" / "api.md").read_text()
    for path, operations in document["paths"].items():
        verb = path.rsplit("/", 1)[1]
        if verb in REQUESTS and path.endswith(f"{{order_id}}/{verb}"):
            assert f"`{verb}`" in text, verb
            continue
        for method in operations:
            assert f"`{method.upper()} {path}`" in text, path
    for code, kind in KINDS.items():
        assert f"| `{code}` | {kind.status} | {kind.title} · {kind.title_zh} |" in text, code
