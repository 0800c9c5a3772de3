/** Kinds of RCU callbacks and of work items: their positions in the tables of createPidTable. */
export const RCU_PUT_PID = 0
export const RCU_FREE_PIDNS = 1
export const RCU_FREE_IDR_LEAF = 2
export const RCU_FREE_IDR_TOP = 3
/** The task room's: the first of the kinds that createPidTable is given. */
export const RCU_FREE_TASK = 4

export const WORK_PROC_CLEANUP = 0
