import { z } from 'zod';

/** Functions of CloudFormation in the resources of our policies. */
const reference = z.union([
  z.string(),
  z.object({ Ref: z.string() }),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }),
  z.object({ 'Fn::ImportValue': z.string() }),
  z.object({ 'Fn::Sub': z.string() }),
  z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }),
]);

/**
 * Formats a reference of a template as text, in the spelling of cdk-nag's findings:
 * `<Storage1A2B3C4D.Arn>/runs/*`.
 */
export function flattenReference(value: unknown): string {
  const parsed = reference.parse(value);
  if (typeof parsed === 'string') return parsed;
  if ('Ref' in parsed) return `<${parsed.Ref}>`;
  if ('Fn::GetAtt' in parsed) return `<${parsed['Fn::GetAtt'].join('.')}>`;
  if ('Fn::ImportValue' in parsed) return parsed['Fn::ImportValue'];
  if ('Fn::Sub' in parsed) return parsed['Fn::Sub'].replaceAll('${', '<').replaceAll('}', '>');
  const [delimiter, parts] = parsed['Fn::Join'];
  return parts.map(flattenReference).join(delimiter);
}
