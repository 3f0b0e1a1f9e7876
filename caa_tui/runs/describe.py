"""What there is to train with, said by the worker: nothing that goes wrong here may end it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from caa_tui.errors import UserError
from caa_tui.runs.protocol import Described, DescribeRequest, DeviceFacts, ModelFacts

if TYPE_CHECKING:
    from caa_tui.activations.describe import Device

logger = logging.getLogger(__name__)


def described(request: DescribeRequest) -> Described:
    """The answer to a request; imports torch, so it also makes the worker ready for a training."""
    from caa_tui.activations.describe import devices, known_models

    try:
        found, models = devices(), known_models()
    except Exception:
        logger.exception("the devices cannot be listed")
        found, models = (), ()
    return Described(
        run_id=request.run_id,
        devices=tuple(_device_facts(device) for device in found),
        models=models,
        model=_model_facts(request.model) if request.model else None,
    )


def _device_facts(device: Device) -> DeviceFacts:
    return DeviceFacts(
        name=device.name, label=device.label, free_bytes=device.free_bytes, total_bytes=device.total_bytes
    )


def _model_facts(name: str) -> ModelFacts:
    from caa_tui.activations.describe import describe_model

    try:
        model = describe_model(name)
    except UserError as error:
        return ModelFacts(name=name, problem=str(error))
    except Exception as error:
        logger.exception("model %r cannot be described", name)
        kind = type(error).__name__
        return ModelFacts(name=name, problem=f"{name} cannot be looked at ({kind}); worker.log says more.")
    return ModelFacts(
        name=name,
        on_disk=model.on_disk,
        layers=model.layers,
        hidden_size=model.hidden_size,
        context=model.context,
        extendable=model.extendable,
        parameters=model.parameters,
        size_bytes=model.size_bytes,
    )
