"""The shapes of requests and answers at the edge; each command's request is made from its record in `domain.commands`.

Requests are strict: an unknown field, a naive instant or an endless text is refused before anything begins.
"""

import dataclasses
from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import PydanticKnownError
from pydantic_core.core_schema import ErrorType

from api.examples import EXAMPLES
from domain.commands import COMMANDS, Words, asked
from domain.model import Customer, Order, OrderClass, Rating
from vault import masks
from vault.seal import MARK

SEALED = MARK.decode()
"""Begins a text that the vault has sealed."""
MAX_TEXT = 8000
"""Characters of one text field."""
MAX_CODE = 200
"""Characters of a code, such as a unit's or a whistle's id."""
MAX_ITEMS = 50
"""Items of one list field."""
LEAST_DIGITS = 5
"""Digits of a telephone number; the hotlines have no more."""


FIRST_YEAR, LAST_YEAR = 2000, 2200
"""No complaint has to do with an instant before or after; what is asked for there is a slip of the pen."""


def _utc(value: datetime) -> datetime:
    # A zone's offset may move the ends of the calendar beyond it.
    instant = value.astimezone(UTC) if FIRST_YEAR - 1 <= value.year <= LAST_YEAR + 1 else None
    if instant is None or not FIRST_YEAR <= instant.year < LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return instant


def _storable(value: str) -> str:
    """The database cannot keep the character NUL in a text, and nobody may bring a seal of his own."""
    if "\0" in value:
        raise ValueError("the character NUL is not allowed")
    if SEALED in value:
        raise ValueError(f"{SEALED} is not allowed")
    return value


def _impersonal(value: str) -> str:
    """What is kept in clear speaks of no person: numbers and addresses belong into the texts that are sealed."""
    if masks.struck(value) != value:
        raise ValueError("holds what looks like somebody's number or address, and is not kept secret")
    return value


Clean = Annotated[str, AfterValidator(_storable)]
Plain = Annotated[Clean, AfterValidator(_impersonal)]
"""A code, a name of a thing, or a reason that is kept in clear."""
Text = Annotated[Clean, Field(max_length=MAX_TEXT)]
Required = Annotated[Clean, Field(min_length=1, max_length=MAX_TEXT)]
OptionalPlain = Annotated[Plain, Field(max_length=MAX_CODE)]
RequiredPlain = Annotated[Plain, Field(min_length=1, max_length=MAX_CODE)]
Code = Annotated[Plain, Field(max_length=MAX_CODE, pattern=r"^[!-~]*$")]
RequiredCode = Annotated[Plain, Field(min_length=1, max_length=MAX_CODE, pattern=r"^[!-~]*$")]
"""An id, such as a unit's or a whistle's; nobody's name, for it is kept in clear even where it is refused."""
Instant = Annotated[AwareDatetime, AfterValidator(_utc)]


_EXACT: dict[Any, tuple[tuple[type, ...], ErrorType]] = {
    bool: ((bool,), "bool_type"),
    int: ((int, float), "int_type"),
    float: ((int, float), "float_type"),
}


class Request(BaseModel):
    """A request's body; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _exact(cls, value: Any, info: ValidationInfo) -> Any:
        """Take no number for a truth, and no text for a number: what was meant by them is anybody's guess."""
        hint = cls.model_fields[info.field_name or ""].annotation
        wanted = _EXACT.keys() & {hint, *get_args(hint)}
        if value is not None and wanted and not any(type(value) in _EXACT[one][0] for one in wanted):
            raise PydanticKnownError(_EXACT[next(iter(wanted))][1])
        return value


class CommandRequest(Request):
    """A command's body: the command's own fields, and why."""

    reason: Text = Field("", description="Why; some commands must say so.")


class RatingRequest(Request):
    """What the frontline gives a unit: 1 (poor) to 5 (good) on each of four."""

    report_in: Annotated[int, Field(ge=1, le=5)]
    cooperation: Annotated[int, Field(ge=1, le=5)]
    quality: Annotated[int, Field(ge=1, le=5)]
    result: Annotated[int, Field(ge=1, le=5)]
    comment: Text = ""

    def record(self) -> Rating:
        """The rating as the rules know it."""
        return Rating(**self.model_dump())


def _edge(hint: Any, *, required: bool = False, coded: bool = True) -> Any:
    """The type at the edge of a type in the rules: bounded texts and lists, instants with their zone."""
    if hint == Words:
        return Required if required else Text
    if hint is str:
        return (RequiredCode if required else Code) if coded else (RequiredPlain if required else OptionalPlain)
    if hint is datetime:
        return Instant
    if hint is Rating:
        return RatingRequest
    if get_origin(hint) is tuple:
        return Annotated[tuple[RequiredCode, ...], Field(max_length=MAX_ITEMS)]
    if get_origin(hint) in (Union, UnionType):
        inner = [_edge(part, coded=coded) for part in get_args(hint)]
        return Union[tuple(inner)]  # noqa: UP007 - the parts are known at run time only
    return hint


_WRITTEN: dict[str, Any] = {"sha256": Annotated[Clean, Field(pattern=r"^[0-9A-Fa-f]{64}$")]}
"""Fields with a form of their own."""
_NAMED_BY_OPERATORS = ("category", "matter", "priority", "tier", "version")
"""Fields whose values the policy and the catalogue choose, in any language."""


def _attribute(name: str) -> str:
    """The model's attribute of a field; pydantic keeps some names, such as `copy`, for itself."""
    return name + "_" if hasattr(BaseModel, name) else name


def _request_model(verb: str, command: type[Any]) -> type[CommandRequest]:
    hints = get_type_hints(command, include_extras=True)
    fields: dict[str, Any] = {}
    for item in asked(command):
        required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        edge = _WRITTEN.get(item.name) or _edge(
            hints[item.name], required=required, coded=item.name not in _NAMED_BY_OPERATORS
        )
        default = ... if required else item.default
        fields[_attribute(item.name)] = (edge, Field(default, alias=item.name))
    return create_model(
        command.__name__ + "Request",
        __base__=CommandRequest,
        __doc__=command.__doc__,
        __cls_kwargs__={"json_schema_extra": {"examples": [EXAMPLES[verb]]}},
        **fields,
    )


REQUESTS: dict[str, type[CommandRequest]] = {
    verb: _request_model(verb, command) for verb, command in COMMANDS.items() if verb != "register"
}
"""The request of every command but `register`, by verb."""


def to_body(verb: str, request: CommandRequest) -> Any:
    """The command of a validated request."""
    command = COMMANDS[verb]
    given = {item.name: getattr(request, _attribute(item.name)) for item in asked(command)}
    return command(
        **{name: value.record() if isinstance(value, RatingRequest) else value for name, value in given.items()}
    )


_UNIT_FIELDS: dict[str, tuple[str, ...]] = {
    "dispatch": ("lead", "co", "copy"),
    "request_return": ("suggested_unit",),
    "request_whistle": ("units", "lead"),
}


def units_in(verb: str, body: Any) -> dict[str, str]:
    """The units that a command brings into an order, each with the field that names it."""
    found: dict[str, str] = {}
    for field in _UNIT_FIELDS.get(verb, ()):
        value = getattr(body, field)
        for unit in (value,) if isinstance(value, str) else value:
            if unit:
                found[unit] = field
    return found


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not an IANA time zone, such as Asia/Shanghai") from None
    return value


def telephone(value: str) -> str:
    """The value, where it has the digits of a telephone number; raises ValueError."""
    if sum(letter.isdigit() for letter in value) < LEAST_DIGITS:
        raise ValueError(f"has fewer than {LEAST_DIGITS} digits")
    return value


class CustomerRequest(Request):
    """Who complains; `zone` is the IANA zone in which he may be called."""

    name: Annotated[Clean, Field(min_length=1, max_length=200)]
    phone: Annotated[Clean, Field(max_length=32, pattern=r"^[0-9+() -]*$"), AfterValidator(telephone)]
    email: Annotated[Clean, Field(max_length=200, pattern=r"^$|^[^@\s]+@[^@\s]+$")] = ""
    zone: Annotated[Clean, Field(max_length=64), AfterValidator(_zone)] = "Asia/Shanghai"
    tier: Annotated[
        Plain, Field(max_length=32, description="For whoever takes the complaint to say; a customer's own is `normal`.")
    ] = "normal"

    def record(self) -> Customer:
        """The customer as the rules know him."""
        return Customer(**self.model_dump())


class RegisterRequest(Request):
    """A complaint. The catalogue names the lead for its category and province, and dispatches it in the same step."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLES["register"]]})

    title: Annotated[Clean, Field(min_length=1, max_length=300)]
    text: Required
    category: Annotated[Plain, Field(min_length=1, max_length=100)]
    province: Annotated[Plain, Field(min_length=1, max_length=20, description="A province's unit id, such as GD.")]
    channel: Annotated[Plain, Field(min_length=1, max_length=50, description="Of a customer's own always `web`.")]
    customer: CustomerRequest
    order_class: OrderClass | None = Field(
        None, description="Default, and for a customer's own always: the catalogue's, else `general`."
    )
    source: Annotated[Clean, Field(max_length=200, description="Of a customer's own always empty.")] = ""
    area: Annotated[Plain, Field(max_length=100, description="A place; no address, for it is kept in clear.")] = ""
    against: Annotated[Plain, Field(max_length=50, description="The unit that is complained about, if any.")] = ""
    dispatch: bool = Field(True, description="False leaves it registered, for a dispatcher to decide.")
    rehearsal: bool = Field(False, description="A rehearsal, whose time may be skipped; development profile only.")
    reason: Text = ""


class CommandDone(BaseModel):
    """Which command this answers and the events it brought, by their seqs; `last` < `first` when it brought none."""

    id: str
    verb: str
    first: int
    last: int


class OrderView(BaseModel):
    """An order as the ledger holds it, with what each role may do now."""

    order: Order
    status: str = Field(description="The TMF621 status of the state.")
    overdue: bool
    lead: str = Field(description="The unit that answers for the order now; empty if none.")
    due_at: datetime | None = Field(description="The lead's limit (UTC).")
    next_at: datetime | None = Field(description="When time brings something about next (UTC).")
    allowed: dict[str, list[str]] = Field(description="For each role the commands of this state.")


class CommandAnswer(OrderView):
    """The order after the command."""

    command: CommandDone


class FastForward(Request):
    """How far to move a rehearsal's clock."""

    seconds: Annotated[int, Field(gt=0, le=90 * 86400)]
