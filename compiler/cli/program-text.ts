/** The first word says which IR a text is in; comments may stand before it. */
export const isFunc = (text: string): boolean => /^(\s|#.*\n)*func\b/.test(text);
