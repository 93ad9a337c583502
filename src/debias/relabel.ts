/**
 * When a student should take the teacher's place: it is often more accurate than the labels that it
 * learned from (Zhao, "Student as an inherent denoiser of noisy teacher", 2023), and then labels
 * better. But not always, and a student that learns from a worse one drifts away from the truth round
 * by round. So it has to prove itself first, on examples of which neither has learned the label.
 */

/** Teacher and student on the same n examples. */
export interface Comparison {
  readonly examples: number;
  readonly teacherRight: number;
  readonly studentRight: number;
  /** Where the student alone is right. */
  readonly gained: number;
  /** Where the teacher alone is right. */
  readonly lost: number;
}

/** Of the examples on which one of the two alone is right, those that a first round has to win. */
const firstShare = 0.6;

/**
 * Whether a round's students are taken. In the first they have to win three of five disagreements with
 * the teachers, not just half: the teachers label all together and gain more by that than students do,
 * who are more alike. This asks for the size of the gain, not for its significance, which would refuse
 * most true gains where there are but a hundred labels to show them: where the two seldom disagree,
 * chance decides, but about few labels, and where they often do, it does not. After that the students
 * are known to be the better ones, and it is enough that they get no worse.
 *
 * @param round from 1.
 */
export function isAccepted({ gained, lost }: Comparison, round: number): boolean {
  if (round > 1) return gained >= lost;
  return gained > 0 && gained >= firstShare * (gained + lost);
}

/**
 * @param teacher the teacher's classes, [n]; student and truth likewise.
 * @throws RangeError when the lengths differ.
 */
export function compare(
  teacher: ArrayLike<number>,
  student: ArrayLike<number>,
  truth: ArrayLike<number>,
): Comparison {
  const examples = truth.length;
  if (teacher.length !== examples || student.length !== examples) {
    throw new RangeError(
      `expected ${examples} classes of each, got ${teacher.length} and ${student.length}`,
    );
  }
  let [teacherRight, studentRight, gained, lost] = [0, 0, 0, 0];
  for (let i = 0; i < examples; i++) {
    const byTeacher = teacher[i] === truth[i];
    const byStudent = student[i] === truth[i];
    if (byTeacher) teacherRight++;
    if (byStudent) studentRight++;
    if (byStudent && !byTeacher) gained++;
    if (byTeacher && !byStudent) lost++;
  }
  return { examples, teacherRight, studentRight, gained, lost };
}
