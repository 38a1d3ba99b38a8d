"""What cmake --install installs is enough: a program builds through the CMake package and through pkg-config."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "capi" / "examples" / "linked.c"
PROJECT = """cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES C)
find_package(newproc 0.1 REQUIRED)
add_executable(user linked.c)
target_link_libraries(user PRIVATE newproc::newproc)
"""


def run(*command: str, **more: object) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def main() -> int:
    with tempfile.TemporaryDirectory() as raw:
        home = Path(raw)
        prefix = home / "prefix"
        run("cmake", "--install", sys.argv[1], "--prefix", str(prefix))
        user = home / "user"
        user.mkdir()
        shutil.copy(EXAMPLE, user)
        (user / "CMakeLists.txt").write_text(PROJECT)
        run("cmake", "-S", str(user), "-B", str(user / "build"), f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", str(user / "build"))
        print(run(str(user / "build" / "user")), end="")
        library = next(prefix.rglob("libnewproc.so")).parent
        env = dict(os.environ, PKG_CONFIG_PATH=str(library / "pkgconfig"))
        flags = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "newproc", env=env).split()
        run("cc", str(EXAMPLE), "-o", str(home / "user2"), *flags, f"-Wl,-rpath,{library}")
        print(run(str(home / "user2")), end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        print(error, error.stdout, error.stderr)
        sys.exit(1)
