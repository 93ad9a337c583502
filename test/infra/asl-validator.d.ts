/** asl-validator 4 ships no types; this is what the test calls. */
declare module 'asl-validator' {
  export default function validate(definition: unknown): {
    isValid: boolean;
    errorsText: () => string;
  };
}
