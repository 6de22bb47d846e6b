// "Error adding/updating cluster(s) NAME: reason, NAME: reason" (Envoy 1.40); listeners alike.
const listed = (message: string, name: string): boolean =>
  ['(s) ', ', ', '\n'].some((before) => message.includes(`${before}${name}: `))

// Elsewhere a name counts only in quotes or when it cannot be a word of the sentence by chance.
const mentioned = (message: string, name: string): boolean =>
  message.includes(`"${name}"`) ||
  message.includes(`'${name}'`) ||
  (/[^a-z]/i.test(name) && name.length > 2 && surrounded(message, name))

const surrounded = (message: string, name: string): boolean => {
  for (let at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
    const around = `${message.charAt(at - 1)}${message.charAt(at + name.length)}`
    if (!/[\w|-]/.test(around)) return true
  }
  return false
}

/** Those of `names` that Envoy's `message` blames; empty where it names none. The text is for humans and unstable:
 *  what it does not tell must be found otherwise. */
export const culprits = (message: string, names: Iterable<string>): readonly string[] => {
  const all = [...names]
  const certain = all.filter((name) => listed(message, name))
  return certain.length > 0 ? certain : all.filter((name) => mentioned(message, name))
}
