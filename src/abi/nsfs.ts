/** Requests of ioctl_nsfs(2) on an open file of a PID namespace. */
export const NS_GET_PARENT = 0xb702
export const NS_GET_NSTYPE = 0xb703
/** A thread's, or its process's, number in the file's namespace, translated to the caller's. */
export const NS_GET_PID_FROM_PIDNS = 0x8004b706
export const NS_GET_TGID_FROM_PIDNS = 0x8004b707
/** A number in the caller's namespace, translated to the file's. */
export const NS_GET_PID_IN_PIDNS = 0x8004b708
export const NS_GET_TGID_IN_PIDNS = 0x8004b709
