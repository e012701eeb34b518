#include "platform/proc.h"

#include <signal.h>
#include <stdatomic.h>

static atomic_bool cancelled;

/* Only the flag, so that a second Ctrl-C in the midst of the first one's work is as safe
 * as the first.  Programs we started are in process groups of their own and do not get
 * the terminal's Ctrl-C: whoever runs them sees the flag and ends them. */
static void on_signal(int signal_number)
{
    (void)signal_number;
    atomic_store(&cancelled, true);
}

void ts_cancel_install(void)
{
    /* System calls on files go on; poll and nanosleep wake up in spite of SA_RESTART. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old;
        /* nohup and the like: what was ignored before us stays ignored. */
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) {
            continue;
        }
        sigaction(signals[i], &action, NULL);
    }
    /* A reader that went away (| head) is a failed write, not an end in the midst of work. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

bool ts_cancelled(void)
{
    return atomic_load_explicit(&cancelled, memory_order_relaxed);
}

void ts_cancel_set(bool on)
{
    atomic_store(&cancelled, on);
}
