// newproc.h is C++20 as it is C99.
#include <newproc.h>

int main() { return rt_version()[0] == '0' ? 0 : 1; }
