export const TREE_PATH = '/glasskube'
