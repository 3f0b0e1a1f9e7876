"""What an NVIDIA GPU does, as nvidia-smi sees it. Silent without nvidia-ml-py (the extra `gpu`) or its driver."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from caa_tui.activations.data import GpuReading

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 0.5
"""The driver averages over about as long; asking more often tells nothing new."""


class GpuMeter:
    """Reads one GPU again and again, at most twice a second."""

    def __init__(self, uuid: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`uuid`: by number NVML would mean another one where CUDA_VISIBLE_DEVICES is set."""
        self._clock = clock
        self._nvml, self._handle = _open(uuid)
        self._reading: GpuReading | None = None
        self._read_at = float("-inf")

    def read(self) -> GpuReading | None:
        """The newest numbers; None where they cannot be had."""
        if self._handle is None:
            return None
        now = self._clock()
        if now - self._read_at >= INTERVAL_SECONDS:
            self._read_at = now
            self._reading = self._measure()
        return self._reading

    def _measure(self) -> GpuReading | None:
        nvml = self._nvml
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(self._handle)
            busy = nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu / 100
            return GpuReading(busy, int(memory.used), int(memory.total))
        except nvml.NVMLError as error:
            # A virtual or partitioned GPU may refuse; it will not change its mind.
            logger.warning("the GPU's load cannot be measured: %s", error)
            self._handle = None
            return None


def gpu_meter(device: str) -> GpuMeter | None:
    """For a CUDA device; None for the others."""
    if not device.startswith("cuda"):
        return None
    import torch

    return GpuMeter(f"GPU-{torch.cuda.get_device_properties(device).uuid}")


def _open(uuid: str) -> tuple[Any, Any]:
    """The NVML module and the handle of the GPU; (None, None) where there is none."""
    try:
        import pynvml
    except ImportError:
        return None, None
    try:
        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByUUID(uuid)
    except pynvml.NVMLError as error:
        logger.warning("NVML does not know the GPU %s: %s", uuid, error)
        return None, None
