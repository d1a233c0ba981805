"""The keys file: private, made once, rotated under running readers, and refused when it cannot be trusted."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert

from runtime import keyring, provision
from runtime.faults import SetupError
from runtime.keyring import Keyring, UnknownKey
from runtime.settings import Settings, load
from store.access_tables import customers
from store.session import EVERYWHERE, make_engine
from tests.conftest import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_new_file_is_its_owners_alone_and_has_a_key_of_each_kind(path: Path) -> None:
    made = keyring.ensure(path)
    assert path.stat().st_mode & 0o777 == 0o600
    kek_id, kek = made.kek()
    codec_id, codec = made.codec()
    secrets = {kek, codec, made.index, made.links}
    assert len(secrets) == 4, "no two are the same"
    assert {len(secret) for secret in secrets} == {32}
    assert (made.keks, made.codecs) == ((kek_id,), (codec_id,))


def test_a_file_that_is_there_is_kept(path: Path) -> None:
    first = keyring.ensure(path)
    content = path.read_bytes()
    assert keyring.ensure(path).kek() == first.kek()
    assert path.read_bytes() == content


def test_many_who_start_at_once_make_one_file(path: Path) -> None:
    gate = threading.Barrier(8)

    def start(_: int) -> bytes:
        gate.wait()
        return keyring.ensure(path).index

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, range(8)))) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    keyring.ensure(path)
    path.chmod(mode)
    with pytest.raises(SetupError, match=f"chmod 600 {path}") as refused:
        keyring.load(path)
    assert f"mode 0{mode:o}" in refused.value.en


def test_a_missing_file_is_named_with_the_remedy(path: Path) -> None:
    with pytest.raises(SetupError, match="WHISTLE_KEYS_FILE") as refused:
        keyring.load(path)
    assert str(path) in refused.value.en
    assert not path.exists(), "nothing was made in its place"


def _without(name: str) -> Callable[[dict[str, object]], object]:
    return lambda content: {key: value for key, value in content.items() if key != name}


@pytest.mark.parametrize(
    "spoil",
    [
        *(_without(name) for name in ("kek", "keks", "codec", "codecs", "made", "index", "links")),
        lambda content: {**content, "kek": "k00000000"},
        lambda content: {**content, "codec": "c00000000"},
        lambda content: {**content, "index": "c2hvcnQ="},
        lambda content: {**content, "links": "no base64"},
        lambda content: {**content, "keks": ["a list"]},
        lambda content: [content],
    ],
)
def test_a_damaged_file_is_refused_without_a_word_of_what_is_in_it(
    path: Path, spoil: Callable[[dict[str, object]], object]
) -> None:
    keyring.ensure(path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(spoil(content)))
    with pytest.raises(SetupError, match="damaged") as refused:
        keyring.load(path)
    assert content["index"] not in str(refused.value)


def test_what_is_not_json_is_refused(path: Path) -> None:
    keyring.ensure(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match="damaged"):
        keyring.load(path)


def test_no_key_shows_when_the_keyring_is_printed(path: Path) -> None:
    made = keyring.ensure(path)
    shown = repr(made) + repr(made._keys)
    assert repr(made.index) not in shown
    assert repr(made.kek()[1]) not in shown


def test_a_running_process_sees_a_rotation_within_a_second(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = keyring.ensure(path)
    old_id, old = running.kek()
    new_id = keyring.add_kek(path)
    assert running.kek()[0] == old_id, "the file is looked at once a second at most"
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    assert running.kek()[0] == new_id
    assert running.kek_of(old_id) == old, "what was sealed with it is still opened"
    assert running.kek()[1] != old


def test_a_key_that_another_process_made_is_found_at_once(path: Path) -> None:
    running = keyring.ensure(path)
    kek, codec = keyring.add_kek(path), keyring.add_codec(path)
    assert running.kek_of(kek) == keyring.load(path).kek()[1]
    assert running.codec_of(codec) == keyring.load(path).codec()[1]
    with pytest.raises(UnknownKey, match="k00000000"):
        running.kek_of("k00000000")
    with pytest.raises(UnknownKey):
        running.codec_of(kek)


def test_adding_keeps_all_that_was_there(path: Path) -> None:
    before = keyring.ensure(path)
    index, links, codec = before.index, before.links, before.codec()
    for _ in range(3):
        keyring.add_kek(path)
    after = keyring.load(path)
    assert (after.index, after.links, after.codec()) == (index, links, codec)
    assert len(after.keks) == 4
    assert after.kek()[0] == after.keks[-1], "the newest is the current one"
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_key_knows_when_it_was_made_and_when_another_took_its_place(path: Path) -> None:
    ring = keyring.ensure(path)
    first, codec = ring.kek()[0], ring.codec()[0]
    assert ring.retired_at(first) is None
    second, third = keyring.add_kek(path), keyring.add_kek(path)
    assert ring.made_at(first) <= ring.made_at(second) <= ring.made_at(third) <= datetime.now(UTC)
    assert (ring.retired_at(first), ring.retired_at(second)) == (ring.made_at(second), ring.made_at(third))
    assert (ring.retired_at(third), ring.retired_at(codec)) == (None, None)
    for ask in (ring.made_at, ring.retired_at):
        with pytest.raises(UnknownKey):
            ask("k00000000")


def test_two_who_rotate_at_once_both_keep_their_key(path: Path) -> None:
    keyring.ensure(path)
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(lambda _: keyring.add_codec(path), range(12)))
    assert made < set(keyring.load(path).codecs)
    assert len(made) == 12


def test_an_old_key_may_be_dropped_and_the_current_one_not(path: Path) -> None:
    first = keyring.ensure(path)
    old_kek, old_codec = first.kek()[0], first.codec()[0]
    for drop, old in ((keyring.drop_kek, old_kek), (keyring.drop_codec, old_codec)):
        with pytest.raises(SetupError, match="rotate first"):
            drop(path, old)
    keyring.add_kek(path)
    keyring.add_codec(path)
    keyring.drop_kek(path, old_kek)
    keyring.drop_codec(path, old_codec)
    left = keyring.load(path)
    assert (old_kek in left.keks, old_codec in left.codecs) == (False, False)
    with pytest.raises(UnknownKey):
        keyring.drop_kek(path, old_kek)


def test_a_file_that_is_spoilt_under_a_running_process_does_not_stop_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running = keyring.ensure(path)
    before = running.kek()
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    whole = path.read_text()
    path.write_text("{")
    assert running.kek() == before
    path.unlink()
    assert running.kek() == before
    assert "the keys stay as they were read last" in caplog.text
    path.write_text(whole)
    path.chmod(0o600)
    made = keyring.add_kek(path)
    assert running.kek()[0] == made, "it is read again as soon as it is whole"


def test_readers_in_many_threads_never_miss_a_key_while_keys_change(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    running, over = keyring.ensure(path), threading.Event()

    def read() -> int:
        reads = 0
        while not over.is_set():
            key_id, key = running.codec()
            assert running.codec_of(key_id) == key
            reads += 1
        return reads

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read) for _ in range(4)]
        for _ in range(30):
            keyring.add_codec(path)
        over.set()
        assert all(reader.result() > 0 for reader in readers)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_nobody_takes_the_file_from_its_owner_by_changing_it(path: Path) -> None:
    keyring.ensure(path)
    os.chown(path, 65534, 65534)
    with pytest.raises(SetupError, match="run as its owner"):
        keyring.add_kek(path)
    assert path.stat().st_uid == 65534


def test_the_keys_lie_in_the_data_folder_unless_they_are_put_elsewhere(tmp_path: Path) -> None:
    assert load(data_dir=tmp_path).keyring_path == tmp_path / "keys.json"
    elsewhere = load(data_dir=tmp_path, keys_file=tmp_path / "vault" / "k.json")
    assert elsewhere.keyring_path == tmp_path / "vault" / "k.json"
    assert elsewhere.environment()["WHISTLE_KEYS_FILE"] == str(tmp_path / "vault" / "k.json")


@pytest.fixture
def owner(database: Database) -> Iterator[Engine]:
    """The database's owner, with nothing sealed before or after."""
    engine = make_engine(database.owner_url, 2, sight=EVERYWHERE)
    yield engine
    with engine.begin() as link:
        link.execute(delete(customers))
    engine.dispose()


def _sealed(owner: Engine, kek: str) -> None:
    with owner.begin() as link:
        link.execute(insert(customers).values(id=f"customer-{kek}", lookup=kek, wrapped="sealed", kek=kek))


def test_keys_are_made_for_a_database_in_which_nothing_is_sealed(
    settings: Settings, database: Database, owner: Engine, path: Path
) -> None:
    mine = settings.model_copy(update={"keys_file": path})
    provision.keys(database.owner_url, mine)
    made = keyring.load(path)
    _sealed(owner, made.kek()[0])
    provision.keys(database.owner_url, mine)
    assert keyring.load(path).kek() == made.kek()


def test_no_new_keys_hide_that_the_old_ones_are_lost(
    settings: Settings, database: Database, owner: Engine, path: Path
) -> None:
    _sealed(owner, "k0a0a0a0a")
    mine = settings.model_copy(update={"keys_file": path})
    with pytest.raises(SetupError, match="restore it from its backup"):
        provision.keys(database.owner_url, mine)
    assert not path.exists()


def test_an_old_backup_of_the_keys_is_noticed_before_anything_starts(
    settings: Settings, database: Database, owner: Engine, path: Path
) -> None:
    keyring.ensure(path)
    _sealed(owner, "k0b0b0b0b")
    with pytest.raises(SetupError, match="lacks the keys k0b0b0b0b"):
        provision.keys(database.owner_url, settings.model_copy(update={"keys_file": path}))


def test_a_keyring_cannot_be_had_from_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        Keyring(tmp_path)
