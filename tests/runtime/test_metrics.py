"""Each worker that `whistle up` starts serves its metrics at a port of its own."""

from pathlib import Path

from runtime.settings import load
from runtime.supervisor import application

VARIABLE = "WHISTLE_WORKER_METRICS_ADDRESS"


def test_several_workers_take_neighbouring_ports(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path, worker_count=3, worker_metrics_address="127.0.0.1:9464")
    *workers, _ = application(settings)
    found = [(worker.child.env or {})[VARIABLE] for worker in workers]
    assert found == ["127.0.0.1:9464", "127.0.0.1:9465", "127.0.0.1:9466"]


def test_without_the_setting_none_are_served(tmp_path: Path) -> None:
    for program in application(load(data_dir=tmp_path, worker_count=2)):
        assert VARIABLE not in (program.child.env or {})
