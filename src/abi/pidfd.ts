/** Flags of pidfd_open(2) and pidfd_send_signal(2), and the poll(2) events that a pidfd shows. */
export const PIDFD_THREAD = 128
export const PIDFD_NONBLOCK = 2048

export const PIDFD_SIGNAL_THREAD = 1
export const PIDFD_SIGNAL_THREAD_GROUP = 2
export const PIDFD_SIGNAL_PROCESS_GROUP = 4

export const POLLIN = 1
export const POLLHUP = 16
