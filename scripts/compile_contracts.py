"""Compile `contracts/src` with the pinned npm `solc` into `contracts/artifacts/<Contract>.json`.

`python -m scripts.compile_contracts` writes, `--check` only compares and exits 1 with the names that differ.
The compiler is `hardhat/node_modules/solc` (install it with `make node`); it runs offline. Version and settings
stand in `contracts/compiler.json`, which the Hardhat configuration reads too. The bytecode carries no metadata hash, so
that it depends on nothing but the sources and these settings.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from scripts.node_tools import ROOT, ToolMissingError, node_binary, node_module

SOURCES = ROOT / "contracts" / "src"
ARTIFACTS = ROOT / "contracts" / "artifacts"
COMPILER = ROOT / "contracts" / "compiler.json"
MAX_CODE_BYTES = 24_576  # EIP-170
OUTPUTS = [
    "abi",
    "storageLayout",
    "evm.bytecode.object",
    "evm.bytecode.linkReferences",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
    "evm.methodIdentifiers",
]

Json = Any


class CompileError(Exception):
    """The sources do not give deployable artifacts; the message lists every reason, one a line."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One concrete contract: `name` as in Solidity, `text` the file's exact content."""

    name: str
    text: str

    @property
    def path(self) -> Path:
        return ARTIFACTS / f"{self.name}.json"


def standard_input() -> dict[str, Json]:
    """Input as the Solidity manual has it ("Compiler Input and Output JSON Description"), names as from the root."""
    config = json.loads(COMPILER.read_text(encoding="utf-8"))
    sources = {
        path.relative_to(ROOT).as_posix(): {"content": path.read_text(encoding="utf-8")}
        for path in sorted(SOURCES.rglob("*.sol"))
    }
    if not sources:
        message = f"no Solidity sources under {SOURCES.relative_to(ROOT)}"
        raise CompileError(message)
    selection = {"*": {"*": OUTPUTS, "": ["ast"]}}
    return {
        "language": "Solidity",
        "sources": sources,
        "settings": {**config["settings"], "outputSelection": selection},
    }


def check_compiler_version(version: str) -> None:
    wanted = json.loads(COMPILER.read_text(encoding="utf-8"))["version"]
    if version.partition("+")[0] != wanted:
        message = f"contracts/compiler.json wants solc {wanted}, hardhat/node_modules has {version}"
        raise CompileError(message)


def run_solc(*arguments: str, stdin: str = "") -> str:
    """Run the npm compiler and return what it printed; raises `ToolMissingError` where `make node` has not run.

    It talks through files because pipes fail it both ways: it reads one that is not filled yet as an error, and exits
    before one that is not drained has taken all of its output.
    """
    command = [str(node_binary()), str(node_module("solc") / "solc.js"), *arguments]
    with TemporaryFile("w+", encoding="utf-8") as given, TemporaryFile("w+", encoding="utf-8") as printed:
        given.write(stdin)
        given.seek(0)
        done = subprocess.run(
            command, stdin=given, stdout=printed, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT
        )
        printed.seek(0)
        output = printed.read()
    if done.returncode != 0:
        raise CompileError(done.stderr.strip() or output.strip())
    return output


def compile_sources() -> tuple[str, dict[str, Json]]:
    """Return the compiler's full version and its output, after refusing errors and warnings of our own sources."""
    version = run_solc("--version").strip().removesuffix(".Emscripten.clang")
    check_compiler_version(version)
    stdin = json.dumps(standard_input())
    include = str(node_module("solc").parent.relative_to(ROOT))
    printed = run_solc("--standard-json", "--base-path", ".", "--include-path", include, stdin=stdin)
    output: dict[str, Json] = json.loads(printed[printed.index("{") :])
    faults = [fault["formattedMessage"] for fault in output.get("errors", []) if is_fault(fault)]
    if faults:
        raise CompileError("\n".join(faults))
    return version, output


def is_fault(message: Mapping[str, Json]) -> bool:
    """Errors anywhere, and warnings that point into our own sources or nowhere."""
    if message["severity"] == "error":
        return True
    place = (message.get("sourceLocation") or {}).get("file", "contracts/")
    return message["severity"] == "warning" and str(place).startswith("contracts/")


def walk(node: Json) -> Iterator[dict[str, Json]]:
    """Every syntax-tree node at or below `node`."""
    if isinstance(node, dict):
        if "nodeType" in node:
            yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


def concrete_contracts(output: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """(source name, contract name) of each of our own contracts that can be deployed; no library, no interface."""
    for source, unit in sorted(output["sources"].items()):
        if not source.startswith("contracts/src/"):
            continue
        for node in unit["ast"]["nodes"]:
            if node["nodeType"] == "ContractDefinition" and node["contractKind"] == "contract" and not node["abstract"]:
                yield source, node["name"]


def immutable_names(output: Mapping[str, Json]) -> dict[str, str]:
    """Syntax-tree id (decimal text) → name of every immutable variable."""
    return {
        str(node["id"]): node["name"]
        for unit in output["sources"].values()
        for node in walk(unit["ast"])
        if node["nodeType"] == "VariableDeclaration" and node.get("mutability") == "immutable"
    }


def without_ids(layout: Json) -> Json:
    """Drop the syntax-tree ids: they change with every unrelated edit and say nothing about storage."""
    if isinstance(layout, dict):
        return {key: without_ids(value) for key, value in layout.items() if key != "astId"}
    if isinstance(layout, list):
        return [without_ids(value) for value in layout]
    return layout


def artifact(
    source: str, name: str, compiled: Mapping[str, Json], names: Mapping[str, str], compiler: Json
) -> Artifact:
    """The committed form of one contract; bytecodes are `0x` and lower-case hex."""
    code, deployed = compiled["evm"]["bytecode"], compiled["evm"]["deployedBytecode"]
    size = len(deployed["object"]) // 2
    if size > MAX_CODE_BYTES:
        message = f"{name}: {size} bytes of code, {size - MAX_CODE_BYTES} over the limit of {MAX_CODE_BYTES} (EIP-170)"
        raise CompileError(message)
    if code["linkReferences"]:
        message = f"{name}: needs linking to {sorted(code['linkReferences'])}; make those library functions internal"
        raise CompileError(message)
    content = {
        "contractName": name,
        "sourceName": source,
        "abi": compiled["abi"],
        "bytecode": f"0x{code['object']}",
        "deployedBytecode": f"0x{deployed['object']}",
        "storageLayout": without_ids(compiled["storageLayout"]),
        "immutableReferences": {names[key]: value for key, value in deployed["immutableReferences"].items()},
        "methodIdentifiers": compiled["evm"]["methodIdentifiers"],
        "compiler": compiler,
    }
    return Artifact(name, json.dumps(content, indent=1, sort_keys=True) + "\n")


def build_artifacts() -> tuple[Artifact, ...]:
    """Compile everything; raises `CompileError` with every contract's fault at once."""
    version, output = compile_sources()
    compiler = {"version": version, "settings": json.loads(COMPILER.read_text(encoding="utf-8"))["settings"]}
    names = immutable_names(output)
    built: dict[str, Artifact] = {}
    faults: list[str] = []
    for source, name in concrete_contracts(output):
        if name in built:
            faults.append(f"{name}: two contracts of this name, the second in {source}")
            continue
        try:
            built[name] = artifact(source, name, output["contracts"][source][name], names, compiler)
        except CompileError as fault:
            faults.append(str(fault))
    if faults:
        raise CompileError("\n".join(faults))
    return tuple(built.values())


def differing(built: tuple[Artifact, ...]) -> tuple[str, ...]:
    """Names of the contracts whose committed artifact is missing, different or left over."""
    changed = {
        item.name for item in built if not item.path.is_file() or item.path.read_text(encoding="utf-8") != item.text
    }
    return tuple(sorted(changed | {path.stem for path in left_over(built)}))


def left_over(built: tuple[Artifact, ...]) -> tuple[Path, ...]:
    """Committed artifacts of contracts that are no more."""
    names = {item.name for item in built}
    return tuple(path for path in ARTIFACTS.glob("*.json") if path.stem not in names)


def write(built: tuple[Artifact, ...]) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    for item in built:
        item.path.write_text(item.text, encoding="utf-8")
    for path in left_over(built):
        path.unlink()


def main() -> int:
    """Exit codes: 0 done or equal, 1 artifacts differ, 2 sources do not compile, 3 no Node or compiler."""
    parser = argparse.ArgumentParser(description="编译合约 / Compile the contracts")
    parser.add_argument("--check", action="store_true", help="只比较, 不写入 / compare only")
    check = parser.parse_args().check
    try:
        built = build_artifacts()
    except CompileError as fault:
        print(fault, file=sys.stderr)
        return 2
    except ToolMissingError as fault:
        print(fault, file=sys.stderr)
        return 3
    different = differing(built)
    if not check:
        write(built)
    for item in built:
        size = len(json.loads(item.text)["deployedBytecode"]) // 2 - 1
        state = "differs" if item.name in different else "equal"
        print(f"{item.name:<28} {size:>6} bytes  {state if check else 'written'}")
    if check and different:
        print(f"编译产物不一致 / artifacts differ: {', '.join(different)}; run `make contracts`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
