"""The package as users get it: an sdist that builds alone, a wheel that auditwheel and check-wheel-contents
accept, and what is installed from it: the module, the command, and a C program against its header and library. Before
that: which wheels would be made for all, and what is refused.

    python3 tests/package/package.py [FOLDER]     default: build/package; needs pip install '.[package]'
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = (".so", ".o", ".a", ".pyc", ".whl")
NEEDED = ("LICENSE", "README.md", "CMakeLists.txt", "pyproject.toml", "capi/include/newproc.h", "python/newproc/py.typed", "cpp/sched/schedule.cpp")


def run(*command: object, cwd: Path | None = None) -> str:
    """Runs it, and ends the test with its output where it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def check(condition: bool, what: str) -> None:
    if not condition:
        sys.exit(what)


def only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    check(len(found) == 1, f"{folder}: {len(found)} files match {pattern}, not 1: {found}")
    return found[0]


def judge_settings() -> None:
    """cibuildwheel reads its settings, and would build what we say that we support: no free-threaded one."""
    wanted = {f"cp3{minor}-{kind}_x86_64" for minor in range(10, 15) for kind in ("manylinux", "musllinux")}
    told = run(sys.executable, "-m", "cibuildwheel", "--platform", "linux", "--archs", "x86_64", "--print-build-identifiers", ROOT).split()
    check(set(told) == wanted, f"cibuildwheel would build {sorted(told)}, not {sorted(wanted)}")
    print(f"cibuildwheel: {len(told)} wheels configured")


def refuse_free_threading(out: Path) -> None:
    """A free-threaded CPython is refused before anything is compiled, with a sentence that says so."""
    (out / "site").mkdir()
    (out / "site" / "sitecustomize.py").write_text("import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\n")
    configure = ["cmake", "-S", ROOT, "-B", out / "free", "-DNEWPROC_PYTHON=ON", "-DNEWPROC_TESTS=OFF", f"-DPython_EXECUTABLE={sys.executable}"]
    environment = {**os.environ, "PYTHONPATH": str(out / "site")}
    ended = subprocess.run([str(word) for word in configure], env=environment, capture_output=True, text=True)
    said = " ".join(ended.stderr.split())
    check(ended.returncode != 0 and "newproc needs a CPython with the GIL" in said, f"a free-threaded CPython was not refused:\n{said}")
    print("free-threaded: refused")


def make_sdist(out: Path) -> Path:
    run(sys.executable, "-m", "build", "--sdist", "--outdir", out, ROOT)
    sdist = only(out, "newproc-*.tar.gz")
    with tarfile.open(sdist) as tar:
        names = [name.split("/", 1)[1] for name in tar.getnames() if "/" in name]
    products = [name for name in names if name.endswith(PRODUCTS) or name.startswith("build/")]
    check(not products, f"the sdist holds build products: {products}")
    missing = [name for name in NEEDED if name not in names]
    check(not missing, f"the sdist lacks {missing}")
    print(f"sdist: {len(names)} files, {sdist.stat().st_size // 1024} KiB")
    return sdist


def make_wheel(sdist: Path, out: Path) -> Path:
    """From the unpacked sdist alone."""
    source = out / "source"
    with tarfile.open(sdist) as tar:
        tar.extractall(source)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", out / "wheel", only(source, "newproc-*"))
    return only(out / "wheel", "newproc-*.whl")


def judge_wheel(wheel: Path, out: Path) -> Path:
    with zipfile.ZipFile(wheel) as content:
        libraries = [name for name in content.namelist() if "libnewproc" in name]
    check(len(libraries) == 1, f"the wheel should hold the library once: {libraries}")
    run("auditwheel", "repair", "--wheel-dir", out / "repaired", wheel)
    repaired = only(out / "repaired", "newproc-*manylinux*.whl")
    with zipfile.ZipFile(repaired) as content:
        vendored = [name for name in content.namelist() if ".libs/" in name]
    check(not vendored, f"Boost, spdlog and fmt should be inside the library; auditwheel had to add {vendored}")
    run("check-wheel-contents", repaired)
    run(sys.executable, "-m", "twine", "check", "--strict", repaired)
    print(f"wheel: {repaired.name}, {repaired.stat().st_size // 1024} KiB")
    return repaired


def use_wheel(wheel: Path, out: Path) -> None:
    """In an environment that has nothing else."""
    venv.create(out / "venv", with_pip=True)
    bin_folder = out / "venv" / "bin"
    run(bin_folder / "pip", "install", wheel)
    said = run(bin_folder / "python", "-c", "import newproc; newproc.run(lambda: print('goid', newproc.goid()))", cwd=out)
    check(said == "goid 1\n", f"the module said {said!r}")
    check("304 goroutines ran" in run(bin_folder / "newproc", "demo", cwd=out), "newproc demo ran something else")
    flags = run(bin_folder / "newproc", "config", "--cflags", "--libs", cwd=out).split()
    run("cc", ROOT / "capi" / "examples" / "linked.c", "-o", out / "linked", *flags)
    print(f"C against the wheel: {run(out / 'linked').strip().splitlines()[-1]}")


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "package").resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the venv's auditwheel
    judge_settings()
    refuse_free_threading(out)
    use_wheel(judge_wheel(make_wheel(make_sdist(out), out), out), out)


if __name__ == "__main__":
    main()
