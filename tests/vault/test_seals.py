"""A seal shows nothing, fits nowhere else, and is opened on the way out as far as its reader's rights go."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from domain.model import Role
from vault import veil
from vault.masks import ERASED, HIDDEN
from vault.seal import MARK, SEAL, Key, Kind, Unreadable, new_key, unwrap, wrap
from vault.veil import RIGHTS, Shown, sealed_by, unveiled

LI = Key("li-sixteen-chars", AESGCM(new_key()), ("李雷",))
HAN = Key("han-sixteen-char", AESGCM(new_key()))
SAID = {Kind.NAME: "李雷", Kind.PHONE: "13900000001", Kind.EMAIL: "li@example.cn", Kind.TEXT: "李雷说: 打13900000001"}


def parts(seal: str) -> tuple[Kind, str, bytes]:
    """A seal's kind, customer and payload."""
    found = SEAL.fullmatch(seal.encode())
    assert found
    return Kind(found[1].decode()), found[2].decode(), found[3]


@given(st.sampled_from(Kind), st.text(min_size=1))
def test_what_was_sealed_comes_back_and_shows_nothing_meanwhile(kind: Kind, text: str) -> None:
    seal = LI.seal(kind, text)
    sealed, customer, payload = parts(seal)
    assert (sealed, customer, LI.open(sealed, payload)) == (kind, LI.customer, text)
    assert LI.seal(kind, text) != seal
    assert len(text) < 4 or text.encode() not in urlsafe_b64decode(payload + b"==")


def test_a_seal_of_another_customer_kind_or_key_is_not_read() -> None:
    _, _, payload = parts(LI.seal(Kind.NAME, "李雷"))
    for key, kind in ((LI, Kind.PHONE), (HAN, Kind.NAME), (Key(HAN.customer, LI.cipher), Kind.NAME)):
        with pytest.raises(Unreadable):
            key.open(kind, payload)


def test_a_changed_or_shortened_seal_is_not_read() -> None:
    _, _, payload = parts(LI.seal(Kind.TEXT, "since Monday"))
    raw = urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(Unreadable):
            LI.open(Kind.TEXT, urlsafe_b64encode(changed).rstrip(b"="))
        with pytest.raises(Unreadable):
            LI.open(Kind.TEXT, urlsafe_b64encode(raw[:at]).rstrip(b"="))


def test_a_document_is_read_under_its_own_label_alone() -> None:
    sealed = LI.seal_bytes(b"%PDF-", "f1")
    assert LI.open_bytes(sealed, "f1") == b"%PDF-"
    for key, label, content in ((LI, "f2", sealed), (HAN, "f1", sealed), (LI, "f1", sealed[:-1])):
        with pytest.raises(Unreadable):
            key.open_bytes(content, label)


def test_a_customers_key_is_kept_for_him_alone() -> None:
    kek, key = new_key(), new_key()
    kept = wrap(kek, LI.customer, key)
    assert unwrap(kek, LI.customer, kept) == key
    for other, customer in ((kek, HAN.customer), (new_key(), LI.customer)):
        with pytest.raises(Unreadable):
            unwrap(other, customer, kept)


SHOWN = {
    "desks": {Kind.NAME: "李**", Kind.PHONE: "139****0001", Kind.EMAIL: "l***@e***.cn", Kind.TEXT: "***说: 打***"},
    "units": {Kind.NAME: HIDDEN, Kind.PHONE: HIDDEN, Kind.EMAIL: HIDDEN, Kind.TEXT: "***说: 打***"},
    "operators": dict.fromkeys(SAID, HIDDEN),
}
UNITS = (Role.UNIT_MEMBER, Role.UNIT_HEAD, Role.CHANNEL, Role.REGULATOR)
OPERATORS = (Role.ADMINISTRATOR, Role.SYSTEM)


@pytest.mark.parametrize("role", Role)
def test_each_role_is_shown_so_much_and_no_more(role: Role) -> None:
    side = "operators" if role in OPERATORS else "units" if role in UNITS else "desks"
    document = json.dumps({kind.value: LI.seal(kind, text) for kind, text in SAID.items()}).encode()
    shown = json.loads(unveiled(document, RIGHTS[role], {LI.customer: LI}))
    assert shown == {kind.value: text for kind, text in SHOWN[side].items()}


def test_no_role_sees_anything_clear_without_asking_for_it() -> None:
    assert set(RIGHTS) == set(Role)
    assert not [role for role, rights in RIGHTS.items() if Shown.CLEAR in {rights.of(kind) for kind in Kind}]


def test_without_the_key_it_is_erased_and_what_was_forged_is_hidden() -> None:
    sealed = LI.seal(Kind.NAME, "李雷")
    forged = sealed.replace(LI.customer, HAN.customer)
    assert unveiled(sealed.encode(), veil.CLEAR, {}) == ERASED.encode()
    assert unveiled(forged.encode(), veil.CLEAR, {HAN.customer: HAN}) == HIDDEN.encode()
    assert unveiled(sealed.encode(), veil.NOTHING, {LI.customer: LI}) == HIDDEN.encode()


@given(st.lists(st.text(), max_size=5), st.sampled_from([veil.CLEAR, veil.DESKS, veil.UNITS, veil.NOTHING]))
def test_what_is_opened_in_an_answer_stays_a_text_of_it(texts: list[str], rights: veil.Rights) -> None:
    document = json.dumps([LI.seal(Kind.TEXT, text) for text in texts]).encode()
    shown = unveiled(document, rights, {LI.customer: LI})
    assert MARK not in shown or any(MARK.decode() in text for text in texts)
    assert len(json.loads(shown)) == len(texts)
    if rights is veil.CLEAR:
        assert json.loads(shown) == texts


def test_whose_seals_are_in_a_document_is_known() -> None:
    document = f"{LI.seal(Kind.NAME, '李雷')} … {HAN.seal(Kind.TEXT, 'x')} … ~pd1~n~no seal~"
    assert sealed_by(document.encode()) == {LI.customer, HAN.customer}
