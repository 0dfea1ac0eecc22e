import Pipeline

await ServiceProgram.main(.reporter)
