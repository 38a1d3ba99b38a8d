// pattern.go: a Go program that loads libnewproc at run time, and compares what Go's own scheduler does with what
// newproc does: in which order five goroutines run on one P.
//
//	go run pattern.go libnewproc.so.1
package main

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// The start of newproc.h's rt_result; the fields behind are not needed here.
typedef struct { size_t struct_size; const char *log; size_t log_len; int32_t exit_code; } result;

static const char *failed;
static const char *why(void) { return failed; }

// Runs a pattern as real Go does at GOMAXPROCS=1. The log, to be freed; NULL: failed says why.
static char *run(const char *library, const char *json, size_t len, size_t *log_len) {
	void *lib = dlopen(library, RTLD_NOW);
	if (lib == NULL) { failed = dlerror(); return NULL; }
	int (*parse)(const char *, size_t, void **) = (int (*)(const char *, size_t, void **))dlsym(lib, "rt_pattern_parse");
	int (*go)(const void *, const void *, const void *, int, result **) =
		(int (*)(const void *, const void *, const void *, int, result **))dlsym(lib, "rt_pattern_run");
	void (*result_free)(result *) = (void (*)(result *))dlsym(lib, "rt_result_free");
	void (*pattern_free)(void *) = (void (*)(void *))dlsym(lib, "rt_pattern_free");
	const char *(*last_error)(void) = (const char *(*)(void))dlsym(lib, "rt_last_error");
	if (parse == NULL || go == NULL || result_free == NULL || pattern_free == NULL || last_error == NULL) {
		failed = dlerror();
		return NULL;
	}
	void *pattern = NULL;
	result *out = NULL;
	if (parse(json, len, &pattern) != 0) { failed = last_error(); return NULL; }
	if (go(pattern, NULL, NULL, 0, &out) != 0) { failed = last_error(); pattern_free(pattern); return NULL; }
	char *log = malloc(out->log_len + 1);
	for (size_t i = 0; i < out->log_len; i++) log[i] = out->log[i];
	*log_len = out->log_len;
	result_free(out);
	pattern_free(pattern);
	return log;
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

const goroutines = 5

// inGo is the order in which Go itself runs them: they are started together, and each writes its number.
func inGo() (order []int) {
	runtime.GOMAXPROCS(1)
	var wg sync.WaitGroup
	for i := 1; i <= goroutines; i++ {
		i := i
		wg.Add(1)
		go func() {
			order = append(order, i)
			wg.Done()
		}()
	}
	wg.Wait()
	return order
}

// inNewproc is the order in which newproc runs the same program.
func inNewproc(library string) (order []int, err error) {
	operations := []string{fmt.Sprintf(`["add", 0, %d]`, goroutines)}
	var bodies strings.Builder
	for i := 1; i <= goroutines; i++ {
		operations = append(operations, fmt.Sprintf(`["go", %d]`, i))
		fmt.Fprintf(&bodies, `, [["mark", %d], ["done", 0]]`, i)
	}
	text := fmt.Sprintf(`{"waitgroups": 1, "bodies": [[%s, ["wait", 0]]%s]}`, strings.Join(operations, ", "), bodies.String())
	path, pattern := C.CString(library), C.CString(text)
	defer C.free(unsafe.Pointer(path))
	defer C.free(unsafe.Pointer(pattern))
	var size C.size_t
	log := C.run(path, pattern, C.size_t(len(text)), &size)
	if log == nil {
		return nil, fmt.Errorf("%s", C.GoString(C.why()))
	}
	defer C.free(unsafe.Pointer(log))
	for _, line := range strings.Split(strings.TrimSpace(C.GoStringN(log, C.int(size))), "\n") {
		var goroutine, mark int
		if n, _ := fmt.Sscanf(line, `[%d,"mark",%d]`, &goroutine, &mark); n == 2 {
			order = append(order, mark)
		}
	}
	return order, nil
}

func main() {
	library := "libnewproc.so.1"
	if len(os.Args) > 1 {
		library = os.Args[1]
	}
	order, err := inNewproc(library)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("newproc", order)
	fmt.Println("Go     ", inGo())
}
