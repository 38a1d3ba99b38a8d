# Options, and newproc_target_options(), which every target of ours goes through.
option(NEWPROC_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(NEWPROC_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(NEWPROC_PYTHON "Build the Python extension" OFF)
option(NEWPROC_BENCH "Build the benchmarks" OFF)
option(NEWPROC_INSTALL "Install library, header and package files" ON)
option(NEWPROC_WERROR "Warnings are errors" OFF)
set(NEWPROC_SANITIZE "" CACHE STRING "Sanitizers: empty, address,undefined or thread")

if(SKBUILD)
  set(NEWPROC_PYTHON ON)
  set(NEWPROC_TESTS OFF)
  set(NEWPROC_INSTALL OFF) # the package installs the library beside its extension
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
find_package(Threads REQUIRED)

function(newproc_target_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic $<$<BOOL:${NEWPROC_WERROR}>:-Werror>
    # One guard page catches what steps over it only if large frames are probed page by page.
    -fstack-clash-protection -fno-omit-frame-pointer)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(${target} PRIVATE -mno-red-zone)  # the inline jump writes below the stack pointer
  endif()
  if(NEWPROC_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${NEWPROC_SANITIZE} -g)
    if(NEWPROC_SANITIZE MATCHES "undefined")
      target_compile_options(${target} PRIVATE -fno-sanitize-recover=undefined)
    endif()
    # Callers may pass any number as a status: the texts say so, and tests try it.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fno-sanitize=enum>)
    target_link_options(${target} PRIVATE -fsanitize=${NEWPROC_SANITIZE})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX) # a C program's library has C++ inside
  endif()
  if(NEWPROC_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
