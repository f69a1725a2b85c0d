"""Print the largest files and functions of the project, so that growth is seen.

python scripts/largest.py --most 3
"""

import argparse
import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
_SOLIDITY = re.compile(r"^    function (\w+).*?^    \}", re.MULTILINE | re.DOTALL)


def sources() -> Iterator[Path]:
    """Every Python and Solidity source that git tracks."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.py", "*.sol"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return (ROOT / name for name in listed if (ROOT / name).exists())


def functions(path: Path) -> Iterator[tuple[int, str]]:
    """(lines, name) of each function in a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sol":
        for match in _SOLIDITY.finditer(text):
            yield match.group(0).count("\n") + 1, match.group(1)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node.name


def main() -> None:
    """Print two lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=3, help="rows of each list")
    most = parser.parse_args().most
    paths = list(sources())
    sized = sorted(((len(path.read_text(encoding="utf-8").splitlines()), path) for path in paths), reverse=True)
    print(f"files: {len(paths)}, lines: {sum(lines for lines, _ in sized)}")
    for lines, path in sized[:most]:
        print(f"{lines:5}  {path.relative_to(ROOT)}")
    found = sorted(((lines, name, path) for path in paths for lines, name in functions(path)), reverse=True)
    print(f"functions: {len(found)}")
    for lines, name, path in found[:most]:
        print(f"{lines:5}  {path.relative_to(ROOT)}  {name}")


if __name__ == "__main__":
    main()
