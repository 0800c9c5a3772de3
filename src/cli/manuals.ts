/** What --help says beside the options. */
import type { Manual } from './manual.ts'

export const PIDNS: Manual = {
  description: [
    'Replays on a model of the kernel what a real one did, and says what came of it: who leaked, who was never waited for, who escaped a kill. Each command has a --help of its own.',
    'Results go to standard output, trouble to standard error. Colours only on a terminal, and not where NO_COLOR is set.',
  ],
  exitStatus: [
    ['0', 'all is well'],
    ['1', 'something was found or differs; each command says what'],
    ['2', 'some input or argument is unusable'],
  ],
  examples: [
    ['pidns run -- npm test', 'run the tests, and say what they have left behind'],
    ['pidns replay build.strace', 'say what the programs did in whose log this is'],
  ],
}

export const REPLAY: Manual = {
  description: [
    'Reads what a real kernel did, performs every call on the library and compares every result. Prints the process tree, what is worth knowing - zombies, orphans, members that outlived the kill of their group, namespaces that died - and last how many results were equal.',
    'A file is a log of strace -f or a recording in JSON lines, plain or packed with gzip: its content tells. - is standard input.',
  ],
  exitStatus: [
    ['0', 'all results are equal'],
    ['1', 'some differ: the log is damaged, or the library is wrong'],
    ['2', 'some file or argument is unusable; the other files are replayed'],
  ],
  examples: [
    ['pidns replay build.strace', 'what happened, and whether this library agrees'],
    ['pidns replay logs/*.jsonl.gz', 'several files, packed or not'],
    ['pidns replay --json build.strace | jq .files[].findings', 'the same as one JSON object'],
    [
      'strace -f -ttt -e trace=process,signal,setpgid,getpgid,setsid,getsid,getpid,getppid,prctl -o build.strace make',
      'makes such a log; pidns run --save writes one that shows more',
    ],
    ['ssh host cat build.strace | pidns replay -', 'from standard input'],
  ],
}

export const RUN: Manual = {
  description: [
    'Runs CMD under strace, and says on standard error what it has left behind when it ends: processes that outlived it, who of them escaped the kill of a group, and who never waited for zombies; a line for each, with who started it and since when. After a clean run it says nothing.',
    'Streams, terminal, signals and exit status of CMD are its own. It is judged when CMD itself ends. What it left goes on, traced by a strace in the background that ends with the last of them; killing that strace would harm them.',
    "What a setuid program such as sudo does as another user cannot be traced: under pidns run it has no more rights than its caller. Numbers are the machine's. docs/run.md describes the object that --json prints.",
  ],
  exitStatus: [
    [
      'that of CMD',
      'if CMD ended by a signal, so does pidns; where that would dump core, it exits with 128 + its number',
    ],
    ['1', 'CMD exited with 0, and what --fail-on names was found'],
    ['2', 'CMD could not be run under strace; or --fail-on was given, and not all is known'],
    ['126, 127', 'CMD cannot be executed; there is no such command'],
  ],
  examples: [
    ['pidns run -- npm test', 'what do the tests leave behind?'],
    ['pidns run --fail-on outlived,zombie -- make check', 'in CI: leaving something behind is a failure'],
    ['pidns run --kill --kill-after 5 -- ./e2e.sh', 'and end what is left: SIGTERM, after 5 seconds SIGKILL'],
    ['pidns run --save run.gz -- make -j2; pidns replay run.gz', 'keep the log, and look at it later'],
    ['pidns run --json -o left.json -- ./start.sh', 'what is left, as JSON, in a file'],
  ],
}

export const EXPLORE: Manual = {
  description: [
    'Serves a page on loopback and prints its address. There a person sees namespaces and process trees, the bits of the pidmap, the chains of the hash and the steps of the code, and goes forward and back in time: through FILE, through a log that is dropped on the page, or through one of six stories.',
    'The page is the library itself, in the browser; it asks no network. Only this machine gets an answer: other Host headers and requests of other sites are refused. dist/explorer/index.html is the same page as a file.',
  ],
  exitStatus: [
    ['0', 'ended by Ctrl-C'],
    ['2', 'FILE cannot be read, or the port cannot be had'],
  ],
  examples: [
    ['pidns explore', 'stories and examples; drop a log of your own'],
    ['pidns explore build.strace', 'what happened there, step by step'],
  ],
}
