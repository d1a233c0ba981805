"""How every process of ours speaks with Temporal: one plugin for API, workers, tests and replay alike.

It carries the payload converter (JSON by msgspec), the codec that encrypts what it makes, failures' messages and stack
traces included, the choice whether workflow code runs in the SDK's sandbox, and the transport: no compression, which
costs time and saves nothing between neighbours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import temporalio.api.common.v1
from temporalio.client import Client
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
    JSONProtoPayloadConverter,
)
from temporalio.plugin import SimplePlugin
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import ConnectConfig, GrpcCompression, ServiceClient
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from contracts.messages import decode, encode
from contracts.names import LATENESS_METRIC
from runtime import keyring
from runtime.codec import Codec
from runtime.keyring import Keyring
from runtime.settings import Settings

PASSED_THROUGH = ("contracts", "domain", "msgspec", "tzdata", "zoneinfo")
"""Modules that workflows share with the process: pure ones of ours, kept so by lint, and what they decode with."""


class MsgspecConverter(EncodingPayloadConverter):
    """Messages, domain records and plain values as JSON."""

    @property
    def encoding(self) -> str:
        """The name that stands beside each payload; Temporal's UI shows such payloads as JSON."""
        return "json/plain"

    def to_payload(self, value: Any) -> temporalio.api.common.v1.Payload | None:
        """The value as JSON; raises TypeError for what msgspec cannot encode."""
        return temporalio.api.common.v1.Payload(metadata={"encoding": b"json/plain"}, data=encode(value))

    def from_payload(self, payload: temporalio.api.common.v1.Payload, type_hint: type | None = None) -> Any:
        """The value of that type, or plain lists and dicts without one; raises msgspec.ValidationError."""
        return decode(payload.data, Any if type_hint is None else type_hint)


class WhistleConverter(CompositePayloadConverter):
    """Temporal's own encodings for nothing, bytes and protobuf; everything else by msgspec."""

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            JSONProtoPayloadConverter(),
            BinaryProtoPayloadConverter(),
            MsgspecConverter(),
        )


def converter(keys: Keyring | None) -> DataConverter:
    """How values become payloads; without keys in clear, as the committed histories are."""
    return DataConverter(
        payload_converter_class=WhistleConverter,
        payload_codec=None if keys is None else Codec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


class WhistlePlugin(SimplePlugin):
    """Given to a client it reaches the workers made with that client; given to a Replayer it reads their histories.

    Without keys it is for the replay of the committed histories alone, which are in clear to be read and compared.
    """

    def __init__(self, keys: Keyring | None, *, sandbox: bool = True) -> None:
        super().__init__("whistle", data_converter=converter(keys), workflow_runner=runner(sandbox=sandbox))

    async def connect_service_client(
        self,
        config: ConnectConfig,
        next: Callable[[ConnectConfig], Awaitable[ServiceClient]],  # noqa: A002 - given
    ) -> ServiceClient:
        """Connect without compression."""
        return await next(dataclasses.replace(config, grpc_compression=GrpcCompression.NONE))


def runner(*, sandbox: bool) -> WorkflowRunner:
    """What runs workflow code: the SDK's sandbox, which guards more, or the bare process, which is quicker."""
    if not sandbox:
        return UnsandboxedWorkflowRunner()
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


async def connect(
    settings: Settings, namespace: str, *, sandbox: bool = True, lazy: bool = False, runtime: Runtime | None = None
) -> Client:
    """A client of one namespace, with the installation's keys, for a process that lives long.

    With `lazy` nothing is connected before the first call; `runtime` is what `metrics` made, if anybody wants them.
    Raises RuntimeError when the server does not answer, SetupError when the keys cannot be had.
    """
    keys = keyring.load(settings.keyring_path)
    return await Client.connect(
        settings.temporal_target,
        namespace=namespace,
        plugins=[WhistlePlugin(keys, sandbox=sandbox)],
        lazy=lazy,
        runtime=runtime,
    )


LATENESS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Seconds; beyond the tenth the sweeper is at work."""


def metrics(address: str) -> Runtime:
    """A runtime that serves the metrics of its clients and workers at `http://address/metrics`, for Prometheus.

    One a process. Raises RuntimeError when the address cannot be listened on.
    """
    exporter = PrometheusConfig(
        bind_address=address,
        durations_as_seconds=True,
        histogram_bucket_overrides={LATENESS_METRIC: LATENESS_BUCKETS},
    )
    return Runtime(telemetry=TelemetryConfig(metrics=exporter))


def gauges(runtime: Runtime, names: Mapping[str, str]) -> Callable[[str, float, dict[str, str]], None]:
    """What sets gauges of these names, each with its description: by name, to a value, under labels."""
    made = {name: runtime.metric_meter.create_gauge_float(name, said) for name, said in names.items()}
    return lambda name, value, labels: made[name].set(value, labels)
