/** The module that the pool's threads load: its exports are the tasks. */
import { prepareResources as prepare } from './prepare.ts'

export const prepareResources = prepare
