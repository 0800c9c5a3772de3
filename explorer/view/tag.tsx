/** A word about somebody: told apart by its text and its outline, not by colour alone. */
export function Tag({ kind, text }: { readonly kind: string; readonly text: string }) {
  return <span class={`tag tag-${kind}`}>{text}</span>
}
