// sanitizer.hpp: which sanitizer this build has, and its fiber hooks under one name.
#pragma once
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define NEWPROC_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define NEWPROC_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define NEWPROC_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define NEWPROC_TSAN 0
#endif

namespace newproc {
inline constexpr bool kSanitized = NEWPROC_ASAN || NEWPROC_TSAN;
}
