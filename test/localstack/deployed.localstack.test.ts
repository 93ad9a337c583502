// One file, so that nothing runs beside the faults: they stop every process of a function.
import './deployments.ts';
import './digits.ts';
import './reviews.ts';
import './faults.ts';
