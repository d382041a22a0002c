/** Every row of the case table on the CPU. */
import { onDevice } from './check';

onDevice('cpu');
