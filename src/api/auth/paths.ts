export const LOGIN_PATH = '/auth/login'
export const CALLBACK_PATH = '/auth/callback'
export const LOGOUT_PATH = '/auth/logout'
/** Of the page, where a person decides, and of the programs that begin a login. */
export const DEVICE_PATH = '/auth/device'
export const DECISION_PATH = '/auth/device/decision'
