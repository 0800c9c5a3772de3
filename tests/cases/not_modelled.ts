/** The cases of the public suites that are not told here, because they need something that is not modelled. */

export interface NotModelled {
  /** What would be needed. */
  readonly why: string
  readonly sources: readonly string[]
}

export const NOT_MODELLED: readonly NotModelled[] = [
  {
    why: 'users, groups and capabilities: every task may do everything',
    sources: [
      'LTP kill05',
      'LTP clone11',
      'LTP clone304',
      'LTP setns01 (EPERM)',
      'LTP unshare02 (EPERM)',
      'LTP pidfd_send_signal02 (EPERM)',
      'LTP reboot02 (EPERM)',
      'selftests clone3/clone3_cap_checkpoint_restore',
      'gVisor fork.cc NewUserNamespacePermitsAllOtherNamespaces',
      'gVisor kill.cc ChildDropsPrivsCannotKill',
    ],
  },
  {
    why: 'siginfo: a handler is told the signal and who took it, not who sent it',
    sources: [
      'LTP pidns12',
      'LTP pidns16',
      'LTP rt_sigqueueinfo01',
      'LTP pidfd_send_signal01',
      'LTP pidfd_send_signal02 (siginfo)',
    ],
  },
  {
    why: 'a queue of real-time signals: each signal is pending once at most',
    sources: ['LTP tgkill02', 'LTP kill10'],
  },
  {
    why: 'interrupted calls: a wait goes on when a handler has run',
    sources: ['gVisor fork.cc Alarm', 'man wait4(2) EINTR'],
  },
  {
    why: 'core dumps: no status has the core bit',
    sources: ['LTP kill11 (core bit)'],
  },
  {
    why: 'ptrace',
    sources: ['gVisor wait.cc TraceeWALL', 'CRIU ptrace', 'LTP ptrace01'],
  },
  {
    why: 'resource limits and usage',
    sources: ['gVisor wait.cc IgnoredChildRusage', 'LTP wait401 (rusage)', 'LTP fork14'],
  },
  {
    why: 'file descriptors: open files are objects, which have no number and are not inherited',
    sources: [
      'LTP fork07',
      'LTP fork08',
      'LTP fork09',
      'LTP fork10',
      'LTP clone02',
      'LTP pidfd_open01',
      'LTP pidfd_getfd01',
      'LTP pidfd_getfd02',
      'selftests pidfd/pidfd_getfd_test',
      'CRIU pidfd_store_sk',
    ],
  },
  {
    why: 'memory, environment, stacks and thread-local storage',
    sources: [
      'LTP fork03',
      'LTP fork04',
      'LTP fork05',
      'LTP clone04',
      'LTP clone06',
      'LTP clone07',
      'LTP clone10',
      'LTP clone08 (CHILD_SETTID, PARENT_SETTID)',
      'LTP clone302 (EFAULT)',
    ],
  },
  {
    why: 'vfork: no task is held up until its child executes a program',
    sources: ['LTP vfork01', 'LTP vfork02', 'LTP clone05', 'gVisor vfork.cc', 'CRIU vfork00'],
  },
  {
    why: 'cgroups, and namespaces of other kinds than PID',
    sources: ['LTP clone09', 'LTP clone303', 'LTP setns02', 'gVisor unshare.cc'],
  },
  {
    why: 'message queues, asynchronous files, sockets and terminals',
    sources: [
      'LTP pidns13',
      'LTP pidns30',
      'LTP pidns31',
      'gVisor socket_unix_peercred.cc PeerCredAcrossPIDNamespace',
      'gVisor pty.cc JobControl',
    ],
  },
  {
    why: 'flags above 32 bits, and struct clone_args with its sizes',
    sources: [
      'selftests clone3/clone3.c (sizes)',
      'selftests clone3/clone3_clear_sighand',
      'gVisor fork.cc Clone3UnknownFlag',
      'gVisor fork.cc Clone3ClearSighand',
    ],
  },
  {
    why: 'a pidfd out of clone (CLONE_PIDFD), PIDFD_SELF, and PIDFD_GET_INFO with what it keeps after the end',
    sources: [
      'LTP clone301 (CLONE_PIDFD)',
      'LTP ioctl_pidfd01',
      'LTP ioctl_pidfd02',
      'LTP ioctl_pidfd03',
      'LTP ioctl_pidfd04',
      'LTP ioctl_pidfd05',
      'LTP ioctl_pidfd06',
      'selftests pidfd/pidfd_info_test (PIDFD_GET_INFO)',
      'selftests pidfd/pidfd_setattr_test',
      'selftests pidfd/pidfd_xattr_test',
      'selftests pidfd/pidfd_bind_mount',
      'selftests pidfd/pidfd_file_handle_test',
    ],
  },
  {
    why: 'ioctls of namespace files: NS_GET_PARENT, NS_GET_USERNS, and those that translate numbers',
    sources: [
      'LTP ioctl_ns01',
      'LTP ioctl_ns02',
      'LTP ioctl_ns05',
      'LTP ioctl_ns07',
      'selftests nsfs/pidns.c',
    ],
  },
  {
    why: 'kernels after 6.18: init by way of setns, and children that reap or kill themselves',
    sources: ['selftests pid_namespace/pidns_init_via_setns', 'selftests pidfd/pidfd_autoreap_test'],
  },
  {
    why: 'checkpoint and restore of a whole tree, which is another matter than the tree itself',
    sources: ['CRIU session02', 'CRIU session03', 'CRIU remap_dead_pid', 'CRIU helper_zombie_child'],
  },
  {
    why: 'magic numbers of reboot(2)',
    sources: ['LTP reboot02 (magic)'],
  },
]
