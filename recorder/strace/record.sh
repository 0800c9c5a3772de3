#!/bin/bash
# Records logs of real programs: `record.sh OUTDIR [WORD]` runs each line of recordings.txt whose MODE-NAME matches WORD.
# Writes OUTDIR/MODE-NAME.strace (or .ftrace), MODE-NAME.json (how it was made), MODE-NAME.out.txt (what was printed).
# Everything runs in a control group of its own, which is killed at the end: nothing outlives a recording.
set -u
[ $# -ge 1 ] || { echo "usage: $0 OUTDIR [WORD]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && out=$(cd "$1" && pwd)
word=${2-}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
work=$(mktemp -d)
tracefs=/sys/kernel/tracing
groups=/sys/fs/cgroup/unified/pidns-record-$$       # version 2: for its cgroup.kill
[ -d /sys/fs/cgroup/unified ] || groups=/sys/fs/cgroup/pidns-record-$$
pids=/sys/fs/cgroup/pids/pidns-record-$$            # version 1: for its pids.max
trap 'rm -rf "$work"; rmdir "$groups" "$pids" 2>/dev/null' EXIT
mkdir "$groups"

calls=fork,vfork,clone,clone3,execve,execveat,exit,exit_group,wait4,waitid,kill,tkill,tgkill,rt_sigqueueinfo
calls+=,rt_tgsigqueueinfo,pidfd_open,pidfd_send_signal,setpgid,getpgid,getpgrp,setsid,getsid,getpid,getppid,gettid
calls+=,set_tid_address,prctl,unshare,setns,setuid,setreuid,setresuid
actions=rt_sigaction,prlimit64,setrlimit

# The value of strace's `-e trace=` for a word of the table; nothing at all for `every`.
trace_of() {
  case $1 in
    full) echo "$calls,$actions" ;;
    plain) echo "$calls" ;;
    tty) echo "$calls,$actions,ioctl" ;;
    reboot) echo "$calls,$actions,reboot" ;;
    few) echo process,kill,tgkill,setpgid,setsid,getpid,getppid,getpgid,gettid,prctl ;;
    process) echo process ;;
  esac
}

build() {
  mkdir "$work/base"
  cp "$here"/workloads/* "$work/base"
  for c in "$here"/workloads/*.c; do
    gcc -O1 -Wall -pthread -o "$work/base/$(basename "$c" .c)" "$c" || exit 1
  done
}

# Runs a command, alone in its session, in the control group; then kills what is left of it.
contained() {
  (
    echo $BASHPID >"$groups/cgroup.procs"
    [ "$limit" ] && mkdir -p "$pids" && echo "$limit" >"$pids/pids.max" && echo $BASHPID >"$pids/cgroup.procs"
    cd "$work/run" && exec env -i PATH="$PATH" HOME="$work/run" LANG=C TERM=dumb setsid timeout -k 1 "$time" "$@"
  ) </dev/null >"$out/$id.out.txt" 2>"$work/stderr"
  local status=$?
  left=$(wc -l <"$groups/cgroup.procs")
  echo 1 >"$groups/cgroup.kill"
  while grep -q . "$groups/cgroup.procs"; do sleep 0.05; done
  return $status
}

# What puts a command into a namespace of its own, as its first process.
space=(unshare --pid --fork --kill-child --mount-proc)

strace_log() {
  local trace=() inner=() prefix=()
  [ "$(trace_of "$list")" ] && trace=(-e "trace=$(trace_of "$list")")
  local tracer=(strace -f "${flags[@]}" "${trace[@]}" -o "$out/$id.strace")
  [ "$max" ] && prefix=(sh -c "echo $max >/proc/sys/kernel/pid_max; exec \"\$@\"" sh)
  case $mode in
    in) inner=("${space[@]}" "${prefix[@]}" "${tracer[@]}" "${command[@]}") ;;
    D) inner=("${space[@]}" "${prefix[@]}" "${tracer[@]}" -D "${command[@]}") ;;
    out) inner=("${tracer[@]}" "${space[@]}" "${prefix[@]}" "${command[@]}") ;;
    outx) inner=("${tracer[@]}" --decode-pids="$decode" "${space[@]}" "${prefix[@]}" "${command[@]}") ;;
    host) inner=("${tracer[@]}" "${command[@]}") ;;
    attach) inner=("${space[@]}" "${prefix[@]}" bash attach.sh "${command[@]}" -- ${detach:+timeout $detach} "${tracer[@]}") ;;
    stderr | hoststderr)
      # The log goes where the program's own messages would: those are kept out of it.
      tracer=(strace -f "${flags[@]}" "${trace[@]}" sh -c 'exec 2>/dev/null; exec "$@"' sh "${command[@]}")
      inner=(sh -c 'exec 2>"$0"; exec "$@"' "$out/$id.strace" "${tracer[@]}")
      [ $mode = stderr ] && inner=("${space[@]}" "${prefix[@]}" "${inner[@]}") ;;
  esac
  contained "${inner[@]}" 2>/dev/null # where the shell would tell that it was killed
  status=$?
  cat "$work/stderr" >>"$out/$id.out.txt"
  made=("${inner[@]}")
}

# What a log of the whole system does not tell: the settings, the last number given, and the numbers taken already,
# be it only as a group or session.
before() {
  local taken last limit_now
  # No fork from the last number to the log: not even for a here-document's cat.
  taken=$(ps -eLo lwp=,pgid=,sid= | tr -s ' ' '\n' | grep . | sort -nu | paste -sd,)
  read -r limit_now </proc/sys/kernel/pid_max
  read -r last </proc/sys/kernel/ns_last_pid
  printf '{"events": ["%s"], "clock": "%s", "record_tgid": "%s", "pid_max": %s, "last_pid_before": %s, "taken_before": [%s]}' \
    "${events// /\", \"}" "$clock" "$tgid" "$limit_now" "$last" "$taken" >"$work/before.json"
}

# An instance of the tracer of its own, so that nobody else's settings are touched.
ftrace_log() {
  local t=$tracefs/instances/$$ e
  mkdir "$t"
  echo 0 >"$t/tracing_on"
  echo "$clock" >"$t/trace_clock"
  echo "$kilobytes" >"$t/buffer_size_kb"
  [ "$tgid" = on ] && echo 1 >"$t/options/record-tgid"
  for e in $events; do echo 1 >"$t/events/$e/enable"; done
  before
  echo 1 >"$t/tracing_on"
  contained "${command[@]}"
  status=$?
  echo 0 >"$t/tracing_on"
  cat "$t/trace" >"$out/$id.ftrace"
  for e in $events; do echo 0 >"$t/events/$e/enable"; done
  [ "$tgid" = on ] && echo 0 >"$t/options/record-tgid"
  rmdir "$t"
  cat "$work/stderr" >>"$out/$id.out.txt"
  made=("${command[@]}")
}

# The events of a word of the table.
events_of() {
  local e
  case $1 in
    fork) echo sched/sched_process_fork sched/sched_process_exit ;;
    sched) echo sched/sched_process_{fork,exit,free,wait,exec} task/task_newtask signal/signal_generate ;;
    signals) echo "$(events_of sched) signal/signal_deliver" ;;
    calls)
      echo "$(events_of signals)"
      for e in setsid setpgid getpgid kill tgkill wait4 waitid unshare setns prctl getppid getpid clone clone3 vfork; do
        echo "syscalls/sys_enter_$e" "syscalls/sys_exit_$e"
      done ;;
  esac
}

# The file beside the log. `mode` says which numbers it has (strace's `in` .. `host`, or system-wide).
describe() {
  local own=true style=file numbers=$mode
  case $mode in host | hoststderr | ftrace) own=false ;; esac
  case $mode in stderr) style=stderr numbers=in ;; hoststderr) style=stderr numbers=host ;; esac
  case $mode in attach) style=attached numbers=in ;; ftrace) style=ftrace numbers=system-wide ;; esac
  node -e '
    const [file, mode, own, style, status, left, max, dir, work, trace, ...command] = process.argv.slice(1)
    const clean = word => word.replaceAll(dir + "/", "").replaceAll(work, "WORK")
    const about = { command: command.map(clean), mode, style, own_pid_namespace: own === "true", exit_status: +status }
    if (max) about.pid_max_in_namespace = +max
    if (+left) about.left_when_the_command_ended = +left
    const [lines, bytes] = trace.trim().split(/ +/)
    console.log(`${file.replace(/.*\//, "").slice(0, -5)}: exit ${status}, ${lines} lines, ${bytes} bytes, ${left} left over`)
    if (style === "ftrace") Object.assign(about, JSON.parse(fs.readFileSync(work + "/before.json", "utf8")))
    fs.writeFileSync(file, JSON.stringify(about, null, 1) + "\n")
  ' "$out/$id.json" "$numbers" $own $style "$status" "$left" "$max" "$out" "$work" "$(cat "$out/$id".*trace | wc -lc)" "${made[@]}"
}

record() {
  local id=$mode-$name status=0 left=0 made=()
  rm -rf "$work/run" && cp -r "$work/base" "$work/run"
  if [ $mode = ftrace ]; then ftrace_log; else strace_log; fi
  describe
  [ -s "$out/$id.out.txt" ] || rm -f "$out/$id.out.txt"
}

build
while read -r mode name rest; do
  [[ $mode == '#'* || -z $mode || ! $mode-$name =~ $word ]] && continue
  list=full time=60 detach='' max='' limit='' decode=pidns set='' clock=mono tgid=off kilobytes=4096 needs='' flags=() command=()
  rest=" $rest"
  read -ra words <<<"${rest%% -- *}"
  for w in "${words[@]}"; do
    case $w in
      list=* | max=* | limit=* | decode=* | set=* | clock=* | tgid=* | kilobytes=* | needs=* | time=* | detach=*) declare "$w" ;;
      *) flags+=("$w") ;;
    esac
  done
  read -ra command <<<"${rest#* -- }"
  [ "$needs" ] && ! command -v "$needs" >/dev/null && { echo "$mode-$name: no $needs here"; continue; }
  events=$(events_of "$set" | xargs)
  record
done <"$here/recordings.txt"
