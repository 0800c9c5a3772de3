/** The calls that a replay reads, as strace -e trace= wants them: with fewer something is not seen, with more it is slower. */
export const TRACE_LIST =
  'fork,vfork,clone,clone3,execve,execveat,exit,exit_group,wait4,waitid,kill,tkill,tgkill,rt_sigqueueinfo,rt_tgsigqueueinfo,pidfd_open,pidfd_send_signal,setpgid,getpgid,getpgrp,setsid,getsid,getpid,getppid,gettid,set_tid_address,prctl,unshare,setns,rt_sigaction'
