"""The GPU's load through a module that only pretends to be NVML."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from caa_tui.activations.data import GpuReading
from caa_tui.activations.gpu import GpuMeter, gpu_meter

UUID = "GPU-1234"


class FakeNvml(ModuleType):
    """One GPU, busier each time it is asked."""

    class NVMLError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.asked = 0
        self.refuses = ""

    def nvmlInit(self) -> None:  # noqa: N802
        self._refuse("init")

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if uuid != UUID:
            raise self.NVMLError("not found")
        return "handle"

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> SimpleNamespace:  # noqa: N802
        assert handle == "handle"
        return SimpleNamespace(used=30, total=100)

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> SimpleNamespace:  # noqa: N802
        self._refuse("load")
        self.asked += 1
        return SimpleNamespace(gpu=10 * self.asked)

    def _refuse(self, what: str) -> None:
        if self.refuses == what:
            raise self.NVMLError("Not Supported")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_it_is_read_at_most_twice_a_second(nvml: FakeNvml) -> None:
    clock = Clock()
    meter = GpuMeter(UUID, clock)
    assert meter.read() == GpuReading(busy=0.1, used_bytes=30, total_bytes=100)
    clock.now = 0.4
    assert meter.read() == GpuReading(busy=0.1, used_bytes=30, total_bytes=100)
    clock.now = 0.5
    assert meter.read() == GpuReading(busy=0.2, used_bytes=30, total_bytes=100)
    assert nvml.asked == 2


@pytest.mark.parametrize(("refuses", "uuid"), [("init", UUID), ("load", UUID), ("", "GPU-another")])
def test_a_gpu_that_cannot_be_measured_is_left_out(nvml: FakeNvml, refuses: str, uuid: str) -> None:
    nvml.refuses = refuses
    clock = Clock()
    meter = GpuMeter(uuid, clock)
    assert meter.read() is None
    nvml.refuses, clock.now = "", 10.0
    assert meter.read() is None, "it is not asked again"


def test_without_the_package_there_are_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert GpuMeter(UUID).read() is None


def test_only_cuda_devices_have_a_meter(nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="1234"))
    assert gpu_meter("cpu") is None
    assert gpu_meter("mps") is None
    meter = gpu_meter("cuda:0")
    assert meter is not None
    assert meter.read() is not None
