import Pipeline

await ServiceProgram.main(.charger)
