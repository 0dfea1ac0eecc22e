import Pipeline

await ServiceProgram.main(.holder)
