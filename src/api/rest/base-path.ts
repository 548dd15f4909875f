/** Below it is all of the REST API. */
export const BASE_PATH = '/api/v1'
