import Services

await ServiceProgram.main(.charger)
