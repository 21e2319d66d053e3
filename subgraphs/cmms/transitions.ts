import type { CmmsPort } from '../../connectors/cmms/port.ts';
import type { AnyTransition } from '../transitions/transition.ts';
import { createAssetTransitions } from './asset-transitions.ts';
import { createMaintenanceTransitions } from './maintenance-transitions.ts';

/** Every way to change something in the CMMS. */
export function createCmmsTransitions(port: CmmsPort): readonly AnyTransition[] {
  return [...createMaintenanceTransitions(port), ...createAssetTransitions(port)];
}
