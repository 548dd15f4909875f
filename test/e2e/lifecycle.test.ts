import { folderApp, memoryApp } from '../support/app.ts'
import { lifecycleSuite } from './lifecycle-suite.ts'

lifecycleSuite('files', folderApp)
lifecycleSuite('memory', memoryApp)
