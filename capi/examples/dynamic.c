/* dynamic.c: a C program that loads libnewproc at run time and runs a spawn pattern.
 *   cc -I... dynamic.c -ldl && ./a.out libnewproc.so.1 */
#include <dlfcn.h>
#include <newproc.h>
#include <stdio.h>
#include <string.h>

static void *find(void *library, const char *name) {
  void *symbol = dlsym(library, name);
  if (symbol == NULL) fprintf(stderr, "%s\n", dlerror());
  return symbol;
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX promises that the bytes do. */
#define LOAD(library, function, type)                \
  type function##_;                                  \
  do {                                               \
    void *symbol = find(library, #function);         \
    if (symbol == NULL) return 1;                    \
    memcpy(&function##_, &symbol, sizeof symbol);    \
  } while (0)

typedef rt_status (*parse_fn)(const char *, size_t, rt_pattern **);
typedef rt_status (*run_fn)(const rt_pattern *, const rt_config *, const rt_limits *, int, rt_result **);
typedef void (*result_free_fn)(rt_result *);
typedef void (*pattern_free_fn)(rt_pattern *);
typedef const char *(*text_fn)(void);

int main(int argc, char **argv) {
  static const char json[] = "{\"bodies\": [[[\"go\", 1], [\"go\", 1], [\"snap\"], [\"yield\"]], [[\"mark\", 7]]]}";
  void *library = dlopen(argc > 1 ? argv[1] : "libnewproc.so.1", RTLD_NOW);
  rt_pattern *pattern;
  rt_result *result;
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  LOAD(library, rt_pattern_parse, parse_fn);
  LOAD(library, rt_pattern_run, run_fn);
  LOAD(library, rt_result_free, result_free_fn);
  LOAD(library, rt_pattern_free, pattern_free_fn);
  LOAD(library, rt_last_error, text_fn);
  if (rt_pattern_parse_(json, sizeof json - 1, &pattern) != RT_OK ||
      rt_pattern_run_(pattern, NULL, NULL, 0, &result) != RT_OK) {
    fprintf(stderr, "%s\n", rt_last_error_());
    return 1;
  }
  fwrite(result->log, 1, result->log_len, stdout);
  rt_result_free_(result);
  rt_pattern_free_(pattern);
  return 0;
}
