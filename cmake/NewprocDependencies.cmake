# The libraries that newproc is built on. A missing one is an error that says what to install.
function(newproc_require name found debian fedora macos)
  if(NOT ${found})
    message(FATAL_ERROR "newproc needs ${name}, which was not found. Install it:\n"
      "  Debian, Ubuntu  apt-get install ${debian}\n"
      "  Fedora          dnf install ${fedora}\n"
      "  macOS           brew install ${macos}\n")
  endif()
endfunction()

set(Boost_USE_STATIC_LIBS ON)  # hidden inside libnewproc: no Boost at run time
find_package(Boost 1.74 QUIET COMPONENTS context)
newproc_require("Boost.Context (1.74 or later)" Boost_CONTEXT_FOUND libboost-context-dev boost-devel boost)

find_package(spdlog QUIET)
newproc_require("spdlog" spdlog_FOUND "libspdlog-dev libfmt-dev" "spdlog-devel fmt-devel" spdlog)

find_package(nlohmann_json 3.9 QUIET)
newproc_require("nlohmann-json (3.9 or later)" nlohmann_json_FOUND nlohmann-json3-dev json-devel nlohmann-json)

if(NEWPROC_TESTS)
  find_package(doctest QUIET)
  newproc_require("doctest" doctest_FOUND doctest-dev doctest-devel doctest)
endif()
