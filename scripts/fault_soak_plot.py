"""The course of a soak as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from scripts.trials.soaking import Sample


def draw(samples: Sequence[Sample], per_second: float, path: Path) -> None:
    """Memory, queue, latencies and files over time, as SVG."""
    figure = Figure(figsize=(9, 9), layout="constrained")
    FigureCanvasSVG(figure)
    at = [one.at / 60 for one in samples]
    memory, queue, latency, files = figure.subplots(4, 1, sharex=True)
    for name in ("http", "relay", "chain"):
        memory.plot(at, [getattr(one, name) for one in samples], label=name)
    memory.set_ylabel("memory, MiB")
    queue.plot(at, [one.waiting for one in samples], label="acts waiting for the chain")
    queue.plot(at, [one.lag for one in samples], label="blocks the index is behind")
    queue.set_ylabel("queue")
    latency.plot(at, [one.p50 * 1000 for one in samples], label="p50")
    latency.plot(at, [one.p99 * 1000 for one in samples], label="p99")
    latency.set_ylabel("acknowledged after, ms")
    latency.set_yscale("log")
    for name in ("database", "log", "chain_database", "chain_log"):
        files.plot(at, [getattr(one, name) for one in samples], label=name.replace("_", " "))
    files.set_ylabel("files, MiB")
    files.set_xlabel("minutes")
    memory.set_title(f"{per_second:.0f} steps a second, {samples[-1].anchored:,} anchored, {samples[-1].errors} errors")
    for axes in (memory, queue, latency, files):
        axes.set_ylim(bottom=None if axes is latency else 0)
        axes.grid(alpha=0.3)
        axes.legend(loc="upper left", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
