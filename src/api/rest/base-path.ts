/** Prefix of all paths of the REST API. */
export const BASE_PATH = '/api/v1'
