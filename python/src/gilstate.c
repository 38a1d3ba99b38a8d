/* gilstate.c: which thread state PyGILState_Ensure sees on this OS thread (CPython 3.10 and 3.11).
 *
 * Those versions keep it in a TSS key of their own, which PyThreadState_Swap does not touch: a callback that
 * takes the GIL inside a goroutine would wait for itself. From 3.12 on, Swap binds it. C, because the
 * internal headers are no C++. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if PY_VERSION_HEX < 0x030C0000
#define Py_BUILD_CORE 1
#include <internal/pycore_runtime.h>

void newproc_bind_gilstate(PyThreadState *ts) { PyThread_tss_set(&_PyRuntime.gilstate.autoTSSkey, ts); }
#else
void newproc_bind_gilstate(PyThreadState *ts) { (void)ts; }
#endif
