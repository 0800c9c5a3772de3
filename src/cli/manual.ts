/** The manual of a command, laid out as man(1) does; what options there are, commander knows. */
import type { Command, Help } from 'commander'

export interface Manual {
  /** Paragraphs. */
  readonly description: readonly string[]
  /** Status, and what it says. */
  readonly exitStatus: readonly (readonly [status: string, meaning: string])[]
  /** Command, and what it does. */
  readonly examples: readonly (readonly [command: string, meaning: string])[]
}

const INDENT = '  '
const TERM_WIDTH = 26
const WIDTH_MAX = 100

/** Lets `command` print its manual for --help. */
export function setManual(command: Command, manual: Manual): Command {
  return command.configureHelp({ formatHelp: (cmd, help) => manualText(cmd, help, manual) })
}

function manualText(command: Command, help: Help, manual: Manual): string {
  const width = Math.min(help.helpWidth ?? WIDTH_MAX, WIDTH_MAX)
  const list = (rows: readonly (readonly [string, string])[]): string =>
    rows.map(([term, text]) => listed(term, text, width)).join('\n')
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`
  const options = help
    .visibleOptions(command)
    .map((option) => [help.optionTerm(option), help.optionDescription(option)] as const)
  const commands = help
    .visibleCommands(command)
    .filter((sub) => sub.name() !== 'help')
    .map((sub) => [`${sub.name()} ${sub.usage()}`, help.subcommandDescription(sub)] as const)
  const sections: [title: string, text: string][] = [
    ['NAME', wrapped(`${name} - ${command.summary() || command.description()}`, INDENT, width)],
    ['SYNOPSIS', `${INDENT}${help.commandUsage(command)}`],
    ['DESCRIPTION', manual.description.map((text) => wrapped(text, INDENT, width)).join('\n\n')],
    ['COMMANDS', list(commands)],
    ['OPTIONS', list(options)],
    ['EXIT STATUS', list(manual.exitStatus)],
    [
      'EXAMPLES',
      manual.examples
        .map(([line, text]) => `${INDENT}${line}\n${wrapped(text, INDENT.repeat(3), width)}`)
        .join('\n'),
    ],
  ]
  return sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `${title}\n${text}\n`)
    .join('\n')
}

function listed(term: string, text: string, width: number): string {
  const indent = ' '.repeat(TERM_WIDTH)
  const lines = wrapped(text, indent, width)
  const head = `${INDENT}${term}`
  return head.length > TERM_WIDTH - 2
    ? `${head}\n${lines}`
    : head.padEnd(TERM_WIDTH) + lines.slice(TERM_WIDTH)
}

function wrapped(text: string, indent: string, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => `${indent}${one}`).join('\n')
}
