/** Maximum examples × weights of the fits that search for the penalty; estimates read it too. */
export const searchWork = 2 ** 28;
