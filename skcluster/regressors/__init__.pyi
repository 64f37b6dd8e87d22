from ._ann import ANNRegressor as ANNRegressor
from ._cnn import CNNRegressor as CNNRegressor
from ._mdm import MDMRegressor as MDMRegressor
from ._pretrained import save_pretrained as save_pretrained
from ._set_regressor import SetRegressor as SetRegressor
