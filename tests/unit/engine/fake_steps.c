/* The fakes are shared by several test programs. */
#include "../../fake/fake_steps.c"
