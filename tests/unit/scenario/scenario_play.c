/* The fakes are shared by several test programs. */
#include "../../fake/scenario_play.c"
