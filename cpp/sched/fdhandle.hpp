// fdhandle.hpp: what newproc.h's rt_fd has in front, whichever world it lives in.
#pragma once
#include "newproc.h"

struct rt_fd {
  rt_runtime* runtime = nullptr;
  int sysfd = -1;  // never changes while it is open
};
