"""What services are handed in: clock, randomness."""

from collections.abc import Callable
from typing import TypeAlias

Now: TypeAlias = Callable[[], int]
"""Unix seconds."""
RandomBytes: TypeAlias = Callable[[int], bytes]
"""That many bytes from the operating system's generator."""
