// How a message says that it stands for older ones.

/** Empty when it stands for itself alone; otherwise a line to put behind the text. */
export function backlogNote(precededBy: number): string {
  return precededBy === 0 ? '' : `\n(${precededBy} earlier ${precededBy === 1 ? 'message' : 'messages'} of this object ended unsent)`;
}
